"""The hub: relays what edges see to whoever watches, and remembers what happened.

Reading order: `app` (the wiring diagram), `edge_socket` and `viewer_socket` (the two doors), `edge_session` (what each
message of an edge does), `roster` (which edges and cameras there are), `relay` (who gets what), `attention` (what that
asks of the edges), `history` and `stores` (what is kept), `rest` (what can be asked), `serve` (the process).

One event loop. What blocks has workers of its own, each in one place: SQLite files (`common.sqlite`), hashes of
passwords (`identity.passwords`), clips (`media_desk`), push services (`push.desk`). Nothing here decodes a picture.
"""
