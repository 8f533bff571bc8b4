"""What other systems are told: Home Assistant over MQTT, webhooks, e-mail. A client of the hub, like the bot.

Reading order: `settings`, `site` (what is known), `hub` (where it comes from), `homeassistant` and `bridge` (MQTT),
`follower` (each event to a receiver, once and in order), `webhooks` and `mail` (receivers), `app` (the wiring).
"""
