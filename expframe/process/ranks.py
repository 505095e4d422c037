"""The place of this process among those of one distributed job, as their launcher tells it."""

from collections.abc import Mapping
from typing import NamedTuple

from expframe.config.dotted import whole_number
from expframe.process import identity

_STEPS = 0xFFFFFFF0
"""Below this are the numbers of steps that srun makes; others are of batch scripts, interactive shells and the like."""


class Rank(NamedTuple):
    """
    Which of the processes of a distributed job this one is.

    Attributes:
        number: From 0.
        size: How many there are.
        variables: What told so, as `NAME=value`; the first one is that of the launcher alone.
        job: What tells this job from all others, for all of its processes the same; None if nothing does.
    """

    number: int
    size: int
    variables: tuple[str, ...]
    job: str | None

    def __str__(self) -> str:
        return f"rank {self.number} of {self.size} ({', '.join(self.variables)})"

    def launcher(self) -> tuple[str, int, str]:
        """Return what tells the process that launched the job here from all others; its pid is the second."""
        return _launcher(self.variables[0].partition("=")[0])


def rank_of(environment: Mapping[str, str]) -> Rank | None:
    """
    Return the rank of a process; None outside of a job of several.

    Only the own mark of a launcher counts: torchrun's run id, Open MPI's size, the number of a step of srun's. `RANK`,
    or a job of Slurm's without a step, make nothing distributed. The innermost launcher has the word.
    """
    for mark, number, size, job in (
        ("TORCHELASTIC_RUN_ID", "RANK", "WORLD_SIZE", _job_of_torchrun),
        ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", _job_of_open_mpi),
        ("SLURM_STEP_ID", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", _job_of_slurm),
    ):
        if mark not in environment or (mark == "SLURM_STEP_ID" and not _is_step(environment)):
            continue
        own, all_of_them = _number(environment, number), _number(environment, size)
        if own is None or all_of_them is None or all_of_them < 2 or own >= all_of_them:
            return None
        told = (f"{name}={environment[name]}" for name in dict.fromkeys((mark, number, size)))
        return Rank(own, all_of_them, tuple(told), job(environment))
    return None


def _job_of_torchrun(environment: Mapping[str, str]) -> str | None:
    """Return the run id where one was given; else its agent, if there is but one."""
    given = environment["TORCHELASTIC_RUN_ID"]
    parts = [f"{name}={environment.get(name)}" for name in ("TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT")]
    if environment.get("LOCAL_WORLD_SIZE") == environment.get("WORLD_SIZE"):
        return _digest(*parts, *_launcher("TORCHELASTIC_RUN_ID"))
    return None if given in ("", "none") else _digest(*parts)


def _job_of_open_mpi(environment: Mapping[str, str]) -> str | None:
    """Return what Open MPI calls the job, and its launcher, if all of it is on this machine."""
    names = ("OMPI_MCA_ess_base_jobid", "PMIX_NAMESPACE")
    parts = [f"{name}={environment[name]}" for name in names if name in environment]
    if environment.get("OMPI_COMM_WORLD_LOCAL_SIZE") == environment["OMPI_COMM_WORLD_SIZE"]:
        return _digest(*parts, *_launcher("OMPI_COMM_WORLD_SIZE"))
    return _digest(*parts) if parts else None


def _job_of_slurm(environment: Mapping[str, str]) -> str | None:
    """Return the job and its step, which a cluster numbers once."""
    names = ("SLURM_CLUSTER_NAME", "SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_RESTART_COUNT")
    return _digest(*(f"{name}={environment.get(name)}" for name in names)) if "SLURM_JOB_ID" in environment else None


def _launcher(variable: str) -> tuple[str, int, str]:
    """Return what tells the process that set a variable from all others."""
    pid = identity.started_by(variable)
    return identity.machine(), pid, identity.start_of(pid)


def _number(environment: Mapping[str, str], name: str) -> int | None:
    number = whole_number(environment.get(name, ""))
    return number if number is not None and number >= 0 else None


def _is_step(environment: Mapping[str, str]) -> bool:
    """Return whether the process is of a step that srun made."""
    number = _number(environment, "SLURM_STEP_ID")
    return number is not None and number < _STEPS


def _digest(*parts: object) -> str:
    import hashlib

    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:32]
