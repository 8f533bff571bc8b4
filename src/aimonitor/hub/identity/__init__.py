"""Who may come in, and what they may do: people with passwords, edges and programs with tokens.

Reading order: `roles` and `records` (the nouns), `desk` (who is this?), `guard` (may they do that?), `routes_*`.
"""
