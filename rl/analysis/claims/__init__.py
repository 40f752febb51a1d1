"""What a comparison may say in words: each claim with its target, its figures and its verdict.

``holds`` is True, False, or None where the data cannot tell, or nothing is there to compare with;
``reason`` says why where there is too little evidence (`rl.analysis.claims.evidence`).
"""

from rl.analysis.claims.make import make_claims

__all__ = ["make_claims"]
