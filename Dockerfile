# docker build -t luv .
# docker run --init --rm luv                                     the test-suite
# docker run --init --rm -v "$PWD":/scripts -w /scripts luv lua5.1 script.lua
#
# The second stage has no compiler and no Go: stock lua5.1 and luajit, and luv.so where
# both look for it.

ARG GO_IMAGE=golang:1.26-bookworm
ARG BASE_IMAGE=debian:bookworm

FROM ${GO_IMAGE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      gcc libc6-dev make pkg-config libuv1-dev libzmq3-dev liblua5.1-0-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY go.mod go.sum ./
COPY vendor vendor
COPY Makefile luv.go luv.map ./
COPY .ci .ci
COPY csrc csrc
COPY uv uv
COPY zmq zmq
COPY lua lua
COPY bridge bridge
COPY compat compat
RUN make luv.so

FROM ${BASE_IMAGE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends lua5.1 luajit libuv1 libzmq5 netbase \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/luv.so /usr/local/lib/lua/5.1/luv.so
WORKDIR /luv
COPY LICENSE README.md ./
COPY .ci/lua-tests .ci/lua-tests
COPY docs docs
COPY examples examples
COPY tests tests
CMD [".ci/lua-tests"]
