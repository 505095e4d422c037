"""
Handwritten digits: train a classifier, and keep everything about it.

A small neural network learns to read the 1,797 scanned digits that come with scikit-learn, epoch by epoch. What was
decided, printed, measured and saved ends up in one folder: the config with the place where each value was set, the
loss and accuracy of each epoch, the output, the trained model and a picture of what it confuses.

Usage:
    $ python digits.py with seed=1
    INFO - digits - Started run 1 of 'train' in runs/1
    epoch  1/30  loss ...  accuracy ...
    ...
    epoch 30/30  loss 0.0...  accuracy 0.9...
    INFO - digits - Result: 0.9...
    INFO - digits - Completed after 0:00:01

    $ python digits.py with quick learning_rate=0.01 data.noise=0.2
    INFO - digits - Started run 2 of 'train' in runs/2
    epoch 1/5  loss ...  accuracy ...
    ...
    INFO - digits - Completed after 0:00:00

    $ python digits.py print_config with quick learning_rate=0.01
    INFO - digits - Started 'print_config'; nothing is kept
    Configuration (modified, added, typechanged):
      batch_size = 32                   # images between two steps
      epochs = 5                        # named config quick (digits.py:69), was 30 (digits.py:60)
      hidden = [64]                     # neurons of each hidden layer
      learning_rate = 0.01              # command line, was 0.005 (digits.py:62)
      seed = 1721283536                 # the seed of all randomness in this run
      data:
        held_out = 0.25                 # share of the images that only test the model
        noise = 0.0                     # spread of the noise on training images, whose pixels go from 0 to 1
    INFO - digits - Completed after 0:00:00
"""

import pickle
import sys

from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from expframe import Experiment, Ingredient

data = Ingredient("data")
ex = Experiment("digits", ingredients=[data])


@data.config
def choose_data():
    held_out = 0.25  # share of the images that only test the model
    noise = 0.0  # spread of the noise on training images, whose pixels go from 0 to 1


@ex.config
def choose_training():
    epochs = 30
    batch_size = 32  # images between two steps
    learning_rate = 0.005
    hidden = [64]  # neurons of each hidden layer


@ex.named_config
def quick():
    """A first impression."""
    epochs = 5


@ex.named_config
def deep():
    """Three layers, more patience."""
    hidden = [128, 64, 32]
    epochs = 40


@data.capture
def load(held_out, noise, _seed, _rnd):
    """Return images and digits to train with, then images and digits to test with."""
    images, digits = load_digits(return_X_y=True)
    images /= 16
    train_images, test_images, train_digits, test_digits = train_test_split(
        images, digits, test_size=held_out, stratify=digits, random_state=_seed
    )
    train_images += _rnd.normal(0, noise, train_images.shape)
    return train_images, train_digits, test_images, test_digits


@ex.capture
def make_model(hidden, learning_rate, batch_size, _seed):
    return MLPClassifier(
        hidden, learning_rate_init=learning_rate, batch_size=batch_size, shuffle=False, random_state=_seed
    )


@ex.capture
def train_epoch(model, images, digits, _rnd):
    """Show every image to the model once, in a new order, and return the mean loss."""
    order = _rnd.permutation(len(images))
    model.partial_fit(images[order], digits[order], classes=range(10))
    return model.loss_


def show_progress(line, is_last):
    """Keep one line up to date on a terminal; write all of them elsewhere."""
    print(line, end="\n" if is_last or not sys.stdout.isatty() else "\r", flush=True)


@ex.capture
def keep(model, images, digits, _run):
    """Put the model and its confusion matrix among the files of the run."""
    figure = Figure(layout="tight")
    ConfusionMatrixDisplay.from_predictions(digits, model.predict(images), ax=figure.subplots())
    figure.savefig(_run.path("confusion.png"))
    _run.path("model.pickle").write_bytes(pickle.dumps(model))
    for name in ("confusion.png", "model.pickle"):
        _run.add_artifact(_run.path(name))


@ex.automain
def train(epochs, _run):
    train_images, train_digits, test_images, test_digits = load()
    model = make_model()
    for epoch in range(1, epochs + 1):
        loss = train_epoch(model, train_images, train_digits)
        accuracy = model.score(test_images, test_digits)
        _run.log_scalars({"loss": loss, "accuracy": accuracy}, step=epoch)
        is_last = epoch == epochs or _run.should_stop
        show_progress(f"epoch {epoch:{len(str(epochs))}}/{epochs}  loss {loss:.4f}  accuracy {accuracy:.4f}", is_last)
        if is_last:
            break
    keep(model, test_images, test_digits)
    return accuracy
