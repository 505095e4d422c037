# Ingredients, nested and with dotted paths, what their functions see.
# $ python ingredients.py -l ERROR with seed=1
# $ python ingredients.py -l ERROR with seed=1 data.paths.root=/mnt data.size=3 model.units=7
# $ python ingredients.py print_config with seed=1 data.size=3
# $ python ingredients.py data.stats with seed=1 data.size=2
# $ python ingredients.py data.paths.where with seed=1
# $ python ingredients.py -l ERROR configs with seed=1
# $ python ingredients.py with seed=1 data.nope=3
# $ python ingredients.py with seed=1 data.paths.nope=3
# $ python ingredients.py -C sys -F stored data.stats with seed=1
# $ python ingredients.py help
# $ python ingredients.py help data.stats
# $ python ingredients.py data.nope
# $ python ingredients.py -l ERROR print_config with seed=1 data.tiny data.paths.far
"""An experiment made of parts."""

from sacred import Experiment, Ingredient

paths = Ingredient("data.paths")
data = Ingredient("data", ingredients=[paths])
model = Ingredient("model", ingredients=[paths])
ex = Experiment("parts", ingredients=[data, model])


@paths.config
def paths_config():
    root = "/tmp"  # where files are


@paths.named_config
def far():
    root = "/far"


@data.config
def data_config(paths):
    size = 10
    file = paths["root"] + "/data"


@data.named_config
def tiny():
    """Very little."""
    size = 1


@model.config
def model_config():
    units = 4


@ex.config
def own(data, model):
    rate = 0.1
    product = data["size"] * model["units"]


@paths.command
def where(root):
    """Say where."""
    print("root", root)


@paths.capture
def get_root(root, _config):
    return root, sorted(_config)


@data.capture
def get_data(size, file, _config):
    return size, file, sorted(_config)


@model.capture
def get_model(units, _config):
    return units, sorted(_config)


@data.command
def stats(size, paths, _run):
    """Count the data."""
    print("size", size, paths, _run.experiment_info["name"])
    return size


@ex.command(unobserved=True)
def configs(_config, data, model):
    print(sorted(_config), data, model)
    print(get_root(), get_data(), get_model())


@ex.automain
def main(rate, product):
    print(rate, product, get_root()[0], get_data()[:2], get_model()[0])
