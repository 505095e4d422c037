# Facts of the machine, getters of one's own.
# $ python host_info.py -l ERROR with seed=1
# $ python host_info.py -C no -F stored with seed=1
"""What a run knows of its host."""

import platform
import warnings

from sacred import SETTINGS, Experiment, host_info_gatherer, host_info_getter
from sacred.host_info import HostInfoGetter, IgnoreHostInfo, get_host_info, host_info_gatherers

SETTINGS.HOST_INFO.CAPTURED_ENV.append("SACRED_SCRIPT")
SETTINGS.HOST_INFO.CAPTURED_ENV.append("NOT_SET_ANYWHERE")
SETTINGS.HOST_INFO.INCLUDE_GPU_INFO = False
SETTINGS["HOST_INFO"]["INCLUDE_CPU_INFO"] = False


@host_info_gatherer("answer")
def answer():
    return 42


@host_info_gatherer("ignored")
def ignored():
    raise IgnoreHostInfo


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")

    @host_info_getter
    def old_style():
        return "old"

    @host_info_getter(name="named")
    def whatever():
        return "named"


ex = Experiment("host_info", additional_host_info=[answer, ignored])
print(
    [warning.category.__name__ for warning in caught], sorted(host_info_gatherers), isinstance(answer, HostInfoGetter)
)
print(answer.name, answer(), sorted(get_host_info()), sorted(get_host_info([answer])))


@ex.automain
def main(_run):
    info = _run.host_info
    print(sorted(info), info["ENV"], info["answer"], info["old_style"], info["named"])
    print(info["hostname"] == platform.node(), info["os"] == [platform.system(), platform.platform()], info["cpu"])
    print(info["python_version"] == platform.python_version(), info["gpus"])
