// Everything that is drawn; tables stand in the page and need no script.
withTheme(() => {
  showConvergence();
  showViolations();
  showPredictions();
  showPareto();
  showWaveforms();
});
