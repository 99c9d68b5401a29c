"""Pages of trials that do not exist, as a registry shows them."""

SCRAPED = """\
Status
Conditions
Treatments
About
This randomized, double-blind trial asks whether warm tea helps. Eligible patients will be \
randomized into two treatment arms and followed at 1 hour and 1 week.
Full description
Hiccups are common. Some patients prefer cold water.
This randomized, double-blind trial aims to compare warm tea with cold water. Patients with \
hiccups for ≥2 hours will be randomized into two treatment groups: (1) warm tea and (2) cold \
water from the tap.
Outcome assessment will include hiccup counts and comfort at one hour and one week post-treatment. \
The first assessor will be blinded to treatment allocation.
If successful, this trial will be followed by a triple-blind study.
Enrollment
Sex
Ages
Volunteers
Inclusion criteria
Exclusion criteria
Primary purpose
Allocation
Interventional model
Masking
30 participants in 2 patient groups
Loading...
Central trial contact
Ada Probe, MD
Data sourced from clinicaltrials.gov
Clinical trials
Research sites
Resources
Legal
"""
"""As it is scraped: labels first, their values elsewhere or nowhere."""

FILLED = """\
Tea for hiccups
Sponsor
Institute of Tea
Status
Not yet enrolling
Conditions
Hiccups
Singultus
Treatments
Drug: Warm tea
Other: Cold water
Study type
Interventional
Identifiers
NCT09999999
TEA-01
Details and patient eligibility
About
This trial compares warm tea with cold water.
Full description
Methods
The tea is warm.

The water is cold.
Enrollment
30 estimated
Sex
All
Ages
18 to 65 years old
Volunteers
No Healthy Volunteers
Inclusion criteria
Hiccups for at least 2 hours
Age of 18 years or more
Exclusion criteria
Allergy to tea
Trial design
Primary purpose
Treatment
Allocation
Randomized
Interventional model
Parallel Assignment
Masking
Single (Outcomes Assessor)
Start date
2026-02
Study completion (Estimated)
Mar 5, 2027
Phase
Phase 2/Phase 3
30 participants in 2 patient groups
Tea
Experimental group
Description:
A cup of warm tea.
Treatment:
Drug: Warm tea
Water
Active Comparator group
Description:
A glass of water.
Treatment:
Other: Cold water
Trial contacts and locations
1
Central trial contact
Ada Probe, MD; +1 555 0100
ada@tea.example
Data sourced from clinicaltrials.gov
"""
"""As it is shown, each value behind its label."""
