"""Attention, the fused operation: softmax(QKᵀ)V over tokens that move."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..actions import Action
from ..registry import Step, rule
from ..values import Constant, Moving, Refusal
from .fixed import fixed_constant, merged, unsigned
from .together import same_batch

CITES = ("attention", "contraction")


@rule("aten.scaled_dot_product_attention.default", cites=CITES)
def attention(
    step: Step,
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any,
    dropout_p: float,
    is_causal: bool,
    scale: Any,
    enable_gqa: bool,
) -> Any:
    """Features of Q and K move alike, tokens of K and V move alike; a mask stays under the motion of the scores."""
    if not all(isinstance(part, Moving) for part in (query, key, value)):
        raise Refusal("attention with a constant among query, key and value: no rule")
    if dropout_p:
        raise Refusal("attention with dropout: a random network has no proof")
    if enable_gqa:
        raise Refusal("attention with fewer heads for keys than for queries: no rule")
    q, k, v = query.settled(), key.settled(), value.settled()
    rank = q.rank
    if not k.rank == v.rank == rank:
        raise Refusal("query, key and value of different ranks")
    tokens, features = rank - 2, rank - 1
    if not (query.batch == key.batch == value.batch) or query.batch is None or query.batch.axis >= tokens:
        raise Refusal("attention over the batch: samples meet each other")
    for part in (q, k, v):
        if not (part.alone(tokens) and part.alone(features)):
            raise Refusal("tokens or features do not move by themselves")
    if not np.array_equal(q.table(features), k.table(features)):
        raise Refusal("the features of query and key move differently")
    if not np.array_equal(k.table(tokens), v.table(tokens)):
        raise Refusal("the tokens of key and value move differently")
    if is_causal and not (q.keeps([tokens]) and k.keeps([tokens])):
        raise Refusal("a causal mask, and tokens that change places")
    heads = [a.scale(0) for a in (q, k, v)]  # a factor of the whole tensor stands on its first axis
    cancelled = q.scale(features) * k.scale(features) * heads[0][0] * heads[1][0]
    lead = list(range(tokens))
    plain = [a.scales[n] is None for a in (q, k, v) for n in (*lead[1:], tokens)]
    plain += [(head == head[0]).all() for head in heads]
    if (cancelled != 1).any() or not all(plain) or any(a.block and a.block.scale is not None for a in (q, k, v)):
        raise Refusal("signs in the scores of an attention do not cancel")
    leads = [Moving(a.restricted(lead), m.batch) for a, m in ((q, query), (k, key), (v, value))]
    whole, _ = merged(leads, step.shape[:-2])
    if attn_mask is not None:
        shape = (*step.shape[:-2], q.shape[tokens], k.shape[tokens])
        pair = Action.of(shape[-2:], tables={0: q.table(tokens), 1: k.table(tokens)})
        scores = Action.product(shape, [(lead, whole), ([tokens, features], pair)])
        _require_mask(step, attn_mask, Moving(scores, query.batch))
    tail = Action.of(
        step.shape[-2:],
        tables={0: q.table(tokens), 1: v.table(features)},
        scales={1: v.scale(features)},
    )
    made = Action.product(step.shape, [(lead, whole), ([tokens, features], tail)])
    return Moving(made.scaled(0, np.full(step.shape[0], heads[2][0])), query.batch)


def _require_mask(step: Step, mask: Any, scores: Moving) -> None:
    if isinstance(mask, Constant):
        if mask.batch is not None:
            raise Refusal("a mask that is repeated along the batch: no rule")
        fixed_constant(mask, unsigned(scores.settled()), "the mask")
        return
    if not isinstance(mask, Moving) or mask.settled().signed:
        raise Refusal("a mask that changes sign")
    same_batch(Step(step.name, step.op, scores.shape, scores.batch), [mask, scores])
    merged([scores, mask], scores.shape)
