# Captured methods, classmethods, staticmethods, generators and coroutines.
# $ python captured_kinds.py -l ERROR with seed=1
"""Everything callable can be captured."""

import asyncio
import contextlib

from sacred import Experiment

ex = Experiment("kinds")


@ex.config
def own():
    a = 1
    b = 2


class Model:
    @ex.capture
    def __init__(self, a):
        self.a = a

    @ex.capture
    def method(self, b, c=3):
        return self.a, b, c

    @classmethod
    @ex.capture
    def make(cls, b):
        return cls.__name__, b

    @staticmethod
    @ex.capture
    def static(a, b):
        return a, b


@ex.capture
def generate(a, b):
    yield a
    yield b


@ex.capture
async def wait(a):
    await asyncio.sleep(0)
    return a


@contextlib.contextmanager
@ex.capture
def around(a):
    print("in", a)
    yield b"inside"
    print("out")


class Child(Model):
    def method(self):
        return "child", super().method()


@ex.automain
def main():
    model = Model()
    print(model.a, model.method(), model.method(5), model.method(c=9), Model(7).a, Model.make(), model.make(4))
    print(Model.static(), model.static(8), list(generate()), asyncio.run(wait()), Child().method())
    with around() as value:
        print(value)
