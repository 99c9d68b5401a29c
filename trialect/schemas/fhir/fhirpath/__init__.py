"""FHIRPath, as far as the invariants of FHIR ask it: an expression becomes a function.

`compiled(expression, release)` answers whether an invariant holds at an element. Source:
http://hl7.org/fhirpath/N1 and http://hl7.org/fhir/R4/fhirpath.html (`resolve`, `hasValue`,
`%resource`, `memberOf`, which is refused: value sets are looked up elsewhere).
"""

from trialect.schemas.fhir.fhirpath.evaluator import Expressions, NotUnderstoodError

__all__ = ["Expressions", "NotUnderstoodError"]
