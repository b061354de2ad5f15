// Tables that sort by a click on a head, or by Enter on it.
// columns: [{title, text: row => string or node, key: row => number or string, left, tip}]
function sortable(columns, rows, options = {}) {
  const body = element("tbody");
  let sorted = options.sorted ?? -1, falling = options.falling ?? true;
  const heads = columns.map((column, index) => element("th", {scope: "col", class: column.left ? "t" : null, title: column.tip},
    element("button", {type: "button", onclick: () => sort(index)}, column.title)));
  function sort(index) {
    falling = index === sorted ? !falling : !columns[index].left;
    sorted = index;
    render();
  }
  function render() {
    const shownRows = [...rows];
    if (sorted >= 0) {
      const key = columns[sorted].key;
      shownRows.sort((first, second) => {
        const one = key(first), two = key(second);
        if (!hasValue(one) || !hasValue(two)) return hasValue(two) - hasValue(one);
        const order = typeof one === "string" ? one.localeCompare(two, "en", {numeric: true}) : one - two;
        return falling ? -order : order;
      });
    }
    heads.forEach((head, index) => {
      if (index === sorted) head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    body.replaceChildren(...shownRows.map((row) => element("tr", {class: options.style ? options.style(row) : null},
      columns.map((column) => element("td", {class: column.wraps ? "wrapping" : column.left ? "t" : null}, column.text(row))))));
  }
  render();
  return element("table", {}, options.caption ? element("caption", {}, options.caption) : null,
    element("thead", {}, element("tr", {}, heads)), body);
}
