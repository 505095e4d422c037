"""The trivial experiment, for Hydra."""

import hydra
from omegaconf import DictConfig


@hydra.main(version_base=None, config_path=None)
def main(config: DictConfig) -> float:
    return 0.1 * config.epochs


if __name__ == "__main__":
    main()
