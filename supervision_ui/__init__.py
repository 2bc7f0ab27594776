"""The web application in which inspectors read cases and decide them."""
