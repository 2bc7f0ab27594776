"""The monthly report: a workbook for inspectors and a report in the form of official documents."""
