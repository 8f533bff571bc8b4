"""The words shared by edge, hub, bot and browser.

Reading order: `errors` (what a refusal says), `founding` (the first JSON, kept verbatim), `messages` (our own
catalogue), `codec` (text messages in and out), `frames` (pictures in and out), `schema` (the same as JSON Schema).

Rules: unknown fields are ignored, unknown message types are skipped and counted, fields are only ever added and
always with a default, vocabularies are strings, quantities are SI unless the name says otherwise, boxes are fractions
of the image, time is UTC for people and monotonic for arithmetic. Old samples are tests and are never edited.
"""
