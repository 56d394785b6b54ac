"""What others can check of a choice: its certificate (choice), each candidate's line (lines), the hash tree over all
lines (tree), and the public sheet without rows (sheet), of which no small count can be worked out (disclosure).

Pure: values in, plain JSON values out.
"""
