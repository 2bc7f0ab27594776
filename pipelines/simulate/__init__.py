"""A seeded simulator of one insurance region: ordinary life, honest mess and, on request, false billing.

Everything is made from one seed through named child streams (`streams.py`), so that adding one more scheme never shifts the rest.
Codes are synthetic where products are concerned (substance number from 900, maker 99999) and public where service items are.
"""
