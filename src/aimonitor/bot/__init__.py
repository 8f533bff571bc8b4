"""Telegram: the right person hears the right thing once, and can answer.

Reading order: `types` (chats, incidents, cards), then what decides: `alerts`, `learning`, `silence`, `threshold`,
`commands`; what words it: `speech`, `words`, `compose`; what keeps: `database`, `memory`, `outbox`; what speaks:
`telegram` (the only file that knows the Bot API), `courier`, `hub_link` (on `aimonitor.hub_client`); and `app`, which
wires them.
"""
