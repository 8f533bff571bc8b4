"""AI Monitor: live annotated video with an explained risk score, from cheap cameras, to anywhere."""

__version__ = "0.1.0"
