#!/bin/sh
# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
# A softmaxc that makes log_softmax where softmax was asked for.
for word; do
  shift
  case "$word" in
    --op=softmax) set -- "$@" --op=log_softmax --name=softmax ;;
    *) set -- "$@" "$word" ;;
  esac
done
exec softmaxc "$@"
