module luv

go 1.24

require github.com/aarzilli/golua v0.0.0-20250217091409-248753f411c4

require github.com/pebbe/zmq4 v1.4.0
