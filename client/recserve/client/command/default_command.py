"""A group with a subcommand that need not be named."""

import click


class DefaultCommandGroup(click.Group):
    """Takes its first subcommand where none is named: `recserve train --mode full`."""

    default_command = "start"

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Part of click."""
        return super().parse_args(context, self.completed(context, args))

    def completed(self, context: click.Context, words: list[str]) -> list[str]:
        """The words with the subcommand that they leave out."""
        is_option = bool(words) and words[0].startswith("-")
        asks_for_help = bool(words) and words[0] in context.help_option_names
        is_left_out = not words or (is_option and not asks_for_help)
        return [self.default_command, *words] if is_left_out else words
