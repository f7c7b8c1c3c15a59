"""One wheel for every CPython: Python over a library and programs that the wheel carries."""

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel


class Platform(bdist_wheel):
    """Names the platform, and no Python."""

    def finalize_options(self) -> None:
        """Marks the wheel as one of a platform."""
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self) -> tuple[str, str, str]:
        """``py3-none-PLATFORM``."""
        return "py3", "none", super().get_tag()[2]


class Binary(Distribution):
    """A distribution with binaries."""

    def has_ext_modules(self) -> bool:
        """Whether files depend on the platform."""
        return True


setup(cmdclass={"bdist_wheel": Platform}, distclass=Binary)
