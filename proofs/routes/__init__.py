"""Ways to decide a claim, each returning `statement.Evidence`.

`algebraic`  algebraic numbers: equality and order
`exact`      comparison at given numbers; exhaustive checks over finite sets
`identity`   polynomial identities: the normal form in Z[unknowns] is zero or it is not
`sampling`   Schwartz–Zippel on exact integers, with its error probability
`symbolic`   all sizes: free algebra for induction steps, matrices of symbolic dimension
`words`      claims for every group: sums up to a substitution of the summation variable
`smt`        sign claims over the reals by z3, skipped where it is not installed
`coq`        theories for all sizes, machine-checked; run only when asked for
"""
