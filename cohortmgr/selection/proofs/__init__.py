"""What others can check of a choice: certificate, candidates' lines, and the public sheet.

choice is the certificate, lines are the candidates' own, tree is the hash tree over them, sheet is the public sheet
without rows, and disclosure sees that no small count can be worked out from it.

Pure: values in, plain JSON values out.
"""
