"""One run of `sciml design`, from a problem to a folder of results.

`settings.py` says what was asked; `problem_choice.py` finds the problem; `session.py` puts simulator, store,
executor and optimiser together and runs them; `evidence.py` asks ngspice for netlist, devices and waveforms;
`prequential.py` says what could have been predicted and `verdict.py` what was reached; `values.py`,
`records.py` and `report.py` put it into JSON, CSV and a page, and `outputs.py` writes them.
"""
