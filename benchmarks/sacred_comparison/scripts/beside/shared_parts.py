"""A module of the project: an ingredient that several experiments use."""

from sacred import Ingredient

corpus = Ingredient("corpus")


@corpus.config
def corpus_defaults():
    language = "en"  # which texts
    limit = 5


@corpus.named_config
def german():
    """Texts in German."""
    language = "de"


@corpus.capture
def read_corpus(language, limit):
    return [f"{language}-{number}" for number in range(limit)]


@corpus.command
def list_corpus(language):
    """Show what the corpus has."""
    print("corpus:", language, read_corpus())
