"""TensorFlow's log folders in a run's info."""

from expframe.compat.sacred.stflow.method_interception import LogFileWriter

__all__ = ["LogFileWriter"]
