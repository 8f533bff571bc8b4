"""What is unusual, as numbers arrive: pure, streaming, of fixed memory per series, without look-ahead.

Reading order: `surprise` (how rare is this, measured against what is remembered), `forecast` (what was to be expected),
`stream` (the general detector for any series of numbers), `counts` (tails of counts), `baseline` (what a camera usually
counts at this hour of the week), `drift` (has it been off for a while), `anomaly` ("usual 3, now 19").
"""
