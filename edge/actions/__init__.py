"""What happens when something happens: a table of rules from events to messages and commands."""

from edge.actions.rules import Rules as Rules
