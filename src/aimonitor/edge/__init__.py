"""The laptop's program: camera -> detection -> tracking -> behavior -> thermal -> fusion -> risk -> events -> hub.

Reading order: `types` (the nouns), `pipeline` (the journey, one call a stage), the stages (`motion`, `detector`,
`tracker`, `behavior`, `thermal`, `fusion`, `risk`, `events`), then what surrounds them: `capture`, `publisher`,
`journal`, `uplink`, and `node`, which owns every thread and socket.
"""
