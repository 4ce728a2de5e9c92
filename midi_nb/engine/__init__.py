"""A folder of released files against an answer key: pairing, reading, judging; headers, pixels and burned-in text.

`judging` is the entrance; the other files of this room each do one thing for it.
"""
