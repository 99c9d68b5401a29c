# Makes forms.sas7bdat.gz: Rscript forms_sas7bdat.R && gzip -9 -n forms.sas7bdat
library(haven)
forms <- data.frame(
  SUBJID = c("001", "002", "é3", ""),
  AGE = c(34, NA, 0.1 + 0.2, 1e-7),
  BRTHDT = as.Date(c("1980-02-29", "1959-12-31", NA, "2026-01-01")),
  DTM = as.POSIXct(
    c("2026-01-31 13:45:00", "1959-12-31 23:59:59", NA, "2026-01-01 00:00:00.5"), tz = "UTC"
  ),
  TM = hms::hms(c(3600, 86399, NA, 60)),
  DOSE = labelled(c(1, tagged_na("A"), tagged_na("Z"), NA), label = "special")
)
write_sas(forms, "forms.sas7bdat")
