"""
Handwritten digits: train a classifier, and keep everything about it.

A classifier learns, epoch by epoch, to read the 1,797 scanned digits that come with scikit-learn. What was decided,
printed, measured and saved ends up in one folder: the config with the place where each value was set, the loss and
accuracy of each epoch, the output, the trained model and a picture of what it confuses. Killed, it goes on by --resume.

Usage:
    $ python digits.py with seed=1
    NOTICE - digits[1] - Started 'train' in runs/1
    epoch: ...20/20 (100%) in 0:00:01, ..., loss=0.0..., accuracy=0.9...
    INFO - digits[1] - Result: 0.9...
    NOTICE - digits[1] - Completed 'train' after 0:00:01

    $ python digits.py with quick components=50 data.noise=0.2
    NOTICE - digits[2] - Started 'train' in runs/2
    epoch: ...5/5 (100%) in 0:00:00, ..., loss=..., accuracy=...
    ...
    NOTICE - digits[2] - Completed 'train' after 0:00:00

    $ python digits.py print_config with quick components=50
    Configuration (modified, added, typechanged):
      data:
        held_out = 0.25                 # share of the images that only test the model
        noise = 0.0                     # spread of the noise on training images, whose pixels go from 0 to 1
      seed = 1561855775                 # the seed of all randomness in this run
      epochs = 5                        # named config quick (digits.py:66), was 20 (digits.py:56)
      learning_rate = 1.0
      penalty = 1e-06                   # on large weights
      components = 50                   # how many images each is compared with; command line, was 200 (digits.py:59)
      gamma = 0.1                       # how near an image must be to count as similar
"""

from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import ConfusionMatrixDisplay, log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from expframe import Experiment, Ingredient

data = Ingredient("data")
ex = Experiment("digits", ingredients=[data])


@data.config
def choose_data():
    held_out = 0.25  # share of the images that only test the model
    noise = 0.0  # spread of the noise on training images, whose pixels go from 0 to 1


@ex.config
def choose_training():
    epochs = 20
    learning_rate = 1.0
    penalty = 1e-6  # on large weights
    components = 200  # how many images each is compared with
    gamma = 0.1  # how near an image must be to count as similar


@ex.named_config
def quick():
    """A first impression."""
    epochs = 5


@ex.named_config
def thorough():
    """As good as it gets."""
    epochs = 60
    components = 500


@data.capture
def load(held_out, noise, _seed, _rnd):
    """Return images and digits to train with, then images and digits to test with."""
    images, digits = load_digits(return_X_y=True)
    train_images, test_images, train_digits, test_digits = train_test_split(
        images / 16, digits, test_size=held_out, stratify=digits, random_state=_seed
    )
    train_images += _rnd.normal(0, noise, train_images.shape)
    return train_images, train_digits, test_images, test_digits


@ex.capture
def make_model(images, learning_rate, penalty, components, gamma, _seed):
    """Return a linear classifier of how similar an image is to some of the given ones."""
    similarity = Nystroem(gamma=gamma, n_components=components, random_state=_seed).fit(images)
    classifier = SGDClassifier(
        loss="log_loss", learning_rate="constant", eta0=learning_rate, alpha=penalty, shuffle=False, random_state=_seed
    )
    return make_pipeline(similarity, classifier)


@ex.capture
def train_epoch(model, images, digits, _rnd):
    """Show each image to the model once, in a new order, and return the loss."""
    similarity, classifier = (step for _, step in model.steps)
    order = _rnd.permutation(len(images))
    classifier.partial_fit(similarity.transform(images[order]), digits[order], classes=range(10))
    return log_loss(digits, model.predict_proba(images))


@ex.capture
def keep(model, images, digits, _run):
    """Put the model and a picture of what it confuses among the files of the run."""
    figure = Figure(layout="tight")
    ConfusionMatrixDisplay.from_predictions(digits, model.predict(images), ax=figure.subplots())
    _run.save(figure, "confusion.png")
    _run.save(model, "model.joblib")


@ex.automain
def train(epochs, _run):
    """Train a model, keep it, and return how many of the unseen digits it reads."""
    train_images, train_digits, test_images, test_digits = load()
    model, done = make_model(train_images), 0
    if last := _run.last_checkpoint():
        model, done = last["model"], last.step
    for epoch in _run.track(range(done + 1, epochs + 1), "epoch"):
        loss = train_epoch(model, train_images, train_digits)
        accuracy = model.score(test_images, test_digits)
        _run.log_scalars({"loss": loss, "accuracy": accuracy}, step=epoch)
        _run.checkpoint(epoch, model=model)
        if _run.should_stop:
            break
    keep(model, test_images, test_digits)
    return model.score(test_images, test_digits)
