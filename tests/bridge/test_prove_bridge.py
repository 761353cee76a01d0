"""Every rule of `prove` cites theorems of the ledger that are proved."""

import pytest

from invariance.proving import RULES
from invariance_proofs.ledger import statements
from invariance_proofs.statement import Grade, Verdict

LEDGER = {statement.id: statement for statement in statements()}
NODDING = (Grade.UNKNOWN, Grade.SAMPLED, Grade.REFUTED)


@pytest.mark.parametrize("op", sorted(RULES))
def test_a_rule_cites_what_is_proved(op: str) -> None:
    assert RULES[op].cites, f"{op} cites nothing"
    for cited in RULES[op].cites:
        assert cited in LEDGER, f"{op} cites {cited}, which the ledger does not have"
        assert LEDGER[cited].verdict in (Verdict.PROVED, Verdict.CORRECTED)
        assert LEDGER[cited].grade not in NODDING


def test_a_rule_says_what_it_asks() -> None:
    assert [op for op, rule in RULES.items() if not rule.says] == []
