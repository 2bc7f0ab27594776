"""Xiezhi (獬豸): smart supervision of medical-insurance funds. The kernel; imports none of the folders beside it."""
