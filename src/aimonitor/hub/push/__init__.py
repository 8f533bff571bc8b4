"""Web push: incidents reach phones and desks whose page is closed, without any other service than the browser's own.

records.py what is kept · rules.py who is told of what · sealing.py RFC 8291 · vapid.py RFC 8292 · post.py one delivery
postman.py a line for each browser · desk.py from events to deliveries · routes.py /api/push
"""
