# ruff: noqa: E501 (tables stand as they are written)
"""The study file and the mapping tables of the wide study: no line of Python maps anything."""

from __future__ import annotations

import csv
import io
from pathlib import Path

STUDY = """\
studyid: WIDE01
title: A trial with a form for everything
sponsor: {name: A Sponsor, type: INDUSTRY}
invented: Nobody in these records exists.
registrations: [{id: NCT00000001, registry: ClinicalTrials.gov}]
status: COMPLETED
start: {date: "2026-01-05", type: ACTUAL}
completion: {date: "2026-02-20", type: ACTUAL}
conditions: [Hypertension]
design:
  type: INTERVENTIONAL
  allocation: RANDOMIZED
  model: PARALLEL
  masking: DOUBLE
  masked: [PARTICIPANT, INVESTIGATOR]
  purpose: TREATMENT
  phases: [PHASE2]
enrolment: {planned: 6, actual: 5}
eligibility: {minimum_age: 18 Years, maximum_age: 80 Years, sex: ALL, healthy_volunteers: false}
interventions:
  - {name: Widepril, type: DRUG, description: Tablets of 5 mg, treatment: WIDEPRIL}
  - {name: Placebo, type: DRUG, description: Tablets, treatment: PLACEBO}
arms:
  - code: ACT
    name: Widepril
    type: EXPERIMENTAL
    interventions: [Widepril]
    elements:
      - {element: SCRN, epoch: SCREENING, branch: Randomized to Widepril}
      - {element: ACT, epoch: TREATMENT}
      - {element: FU, epoch: FOLLOW-UP}
  - code: PBO
    name: Placebo
    type: PLACEBO_COMPARATOR
    interventions: [Placebo]
    elements:
      - {element: SCRN, epoch: SCREENING, branch: Randomized to Placebo}
      - {element: PBO, epoch: TREATMENT}
      - {element: FU, epoch: FOLLOW-UP}
elements:
  - code: SCRN
    name: Screening
    start_rule: Informed consent
    end_rule: First dose
    start: {domain: DS, date: DSSTDTC, where: "DSDECOD = 'INFORMED CONSENT OBTAINED'"}
  - code: ACT
    name: Widepril
    start_rule: First dose of Widepril
    end_rule: Last dose
    duration: P4W
    start: {domain: EX, date: EXSTDTC, where: "EXTRT = 'WIDEPRIL'"}
  - code: PBO
    name: Placebo
    start_rule: First dose of placebo
    end_rule: Last dose
    duration: P4W
    start: {domain: EX, date: EXSTDTC, where: "EXTRT = 'PLACEBO'"}
  - code: FU
    name: Follow-up
    start_rule: Last dose
    end_rule: End of study
    start: {domain: EX, date: EXENDTC, pick: latest}
visits:
  - {num: 1, name: SCREENING, day: -14, start_rule: Informed consent, epoch: SCREENING}
  - {num: 2, name: BASELINE, day: 1, start_rule: Randomization}
  - {num: 3, name: WEEK 4, day: 29, start_rule: Four weeks after the first dose}
criteria:
  - {code: INCL01, category: INCLUSION, text: Adults}
  - {code: INCL02, category: INCLUSION, text: High blood pressure for a year}
  - {code: EXCL01, category: EXCLUSION, text: Pregnancy}
outcomes:
  - {type: PRIMARY, measure: Systolic blood pressure, time_frame: Week 4}
sites:
  - {id: "01", name: Site one, country: TUR, timezone: Europe/Istanbul}
  - {id: "02", name: Site two, country: DEU, timezone: Europe/Berlin}
parameters:
  - {code: OBJPRIM, value: To lower the blood pressure}
  - {code: TTYPE, value: EFFICACY}
  - {code: ADDON, value: "N"}
  - {code: ADAPT, value: "N"}
  - {code: STOPRULE, value: NONE}
  - {code: LENGTH, value: P8W}
  - {code: DCUTDTC, value: "2026-02-20"}
  - {code: DCUTDESC, value: LAST VISIT}
  - {code: PCLAS, null_flavor: NA}
records:
  subject: SUBJ
  visit: VISIT
  missing: [NA, ".", k.A., n.d., bilinmiyor]
  forms:
    sites: {file: sites.csv, delimiter: semicolon, per_subject: false}
    conmed: {file: conmed.csv, decimal: ","}
    haematology: {file: haematology.csv, decimal: ","}
    vitals_uns: {file: vitals_uns.csv, subject: PATIENT}
    chemistry: {file: chemistry.xlsx, sheet: Results, visit: VISIT_NAME}
sdtm:
  stamp: "2026-07-01T00:00:00Z"
fhir: {base: "https://example.org/wide"}
"""

TABLES = {
    "sources": """\
domain,block,from,where,records,note
DM,demography,demog,,row,
DS,consent,consent,,row,
DS,randomised,rand,,row,
DS,ended,disp,,row,
IE,inclusion,elig_in,IC1 = 'N' OR IC2 = 'N',item,Criteria that are not met
IE,exclusion,elig_ex,EC1 = 'Y',item,
,met_inclusion,elig_in,IC1 <> 'N' AND IC2 <> 'N',none,Only criteria that are not met are submitted
,met_exclusion,elig_ex,EC1 <> 'Y',none,Only criteria that are not met are submitted
MH,history,medhx,,row,
MH,surgical,surgery,,row,
CM,concomitant,conmed,,row,
CM,prior,prior_med,,row,
VS,planned,vitals,,item,
VS,unscheduled,vitals_uns,PULSE IS NOT NULL,item,
,unscheduled_empty,vitals_uns,PULSE IS NULL,none,The pulse was not taken and nothing else was planned
LB,chemistry,chemistry,RESULT IS NOT NULL,row,
,chemistry_empty,chemistry,RESULT IS NULL,none,The laboratory sent no result
LB,haematology,haematology,,item,
LB,urinalysis,urine,UPROT IS NOT NULL,item,
,urine_empty,urine,UPROT IS NULL,none,No urine was given
EG,ecg,ecg,,item,
PE,exam,physexam,,item,
DA,accountability,drugacc,,item,
EX,doses,dosing,,row,
EC,doses_taken,dosing,,row,
SU,tobacco,substance,TOBACCO IS NOT NULL,row,
SU,alcohol,substance,ALCOHOL IS NOT NULL,row,
DV,deviations,deviations,,row,
AE,events,ae,,row,
FA,rash,ae_rash,,item,
QS,scale,qs,,item,
PR,procedures,procedures,,row,
CO,remarks,remarks,,row,
SV,visited,visitlog,,row,
DD,cause,deaths,,item,
SC,characteristics,subjchar,,item,
HO,hospital,hospital,,row,
CE,falls,events,FALL IS NOT NULL,row,
CE,fractures,events,FRACTURE IS NOT NULL,row,
ML,meals,meals,,row,
RP,reproduction,repro,,item,
""",
    "dm": """\
target,verb,source,value,codelist,format,where,by,when,label,origin,note
USUBJID,compute,,STUDYID || '-' || SUBJ,,,,,,,,
SUBJID,assign,SUBJ,,,,,,,,,
SITEID,assign,SITE,,,,,,,,,
INVID,assign,sites.PI_NO,,,,,SITE,,,,
INVNAM,assign,sites.PI_NAME,,,,,SITE,,,,
BRTHDTC,assign_date,BD; BM; BY,,,dd; mon; yyyy,,,,,,
SEX,assign_ct,SEX,,sex_code; SEX,,,,,,,
RACE,assign_multiple,RACE___1; RACE___2; RACE___3; RACE___9,RACE___1=WHITE; RACE___2=ASIAN; RACE___3=BLACK OR AFRICAN AMERICAN; RACE___9=OTHER,,,,,,,,
ETHNIC,assign_ct,ETHNIC,,ethnic; ETHNIC,,,,,,,
COUNTRY,assign,sites.LAND,,,,,SITE,,,,
ARMCD,assign_ct,rand.ARM,,arm_code,,,,,,,
ACTARMCD,assign_ct,rand.ARM,,arm_code,,,,,,,
ARMNRS,hardcode_ct,,SCREEN FAILURE,,,,,ARMCD IS NULL,,,
DTHDTC,earliest,deaths.ON,,,yyyy-mm-ddThh:mi,,,,,,
DTHFL,hardcode,,Y,,,,,DTHDTC IS NOT NULL,,,
DMDTC,assign_date,consent.IC_DATE,,,dd.mm.yyyy,,,,,,
MEDS,count,conmed.MED,,,,,,,Number of Medications,,
MAXDOSE,maximum,conmed.DOSIS,,,,EINHEIT = 'mg',,,Largest Dose (mg),,
LASTSEEN,last,visitlog.VISIT,ON,,,DONE = '1',,,Last Visit Attended,,
,not_submitted,INIT,Initials name the person,,,,,,,,
""",
    "ds": """\
block,target,verb,source,value,codelist,format,when,note
consent,DSTERM,hardcode,,INFORMED CONSENT OBTAINED,,,,
consent,DSDECOD,hardcode_ct,,INFORMED CONSENT OBTAINED,PROTMLST,,,
consent; randomised,DSCAT,hardcode_ct,,PROTOCOL MILESTONE,,,,
consent,DSSTDTC,assign_datetime,IC_DATE; IC_TIME,,,dd.mm.yyyy; hh:mi am,,
randomised,DSTERM,hardcode,,RANDOMIZED,,,,
randomised,DSDECOD,hardcode_ct,,RANDOMIZED,PROTMLST,,,
randomised,DSREFID,assign,LIST_NO,,,,,
randomised,DSSTDTC,assign_date,RDATE,,,yyyy-mm-dd,,
ended,DSTERM,assign,STATUS,,,,WHY IS NULL,
ended,DSTERM,assign,WHY,,,,WHY IS NOT NULL,
ended,DSDECOD,assign_ct,STATUS,,disposition; NCOMPLT,,,
ended,DSCAT,hardcode_ct,,DISPOSITION EVENT,,,,
ended,DSSCAT,hardcode_ct,,STUDY PARTICIPATION,,,,
ended,DSSTDTC,assign_date,ENDED,,,yyyy-mm-dd,STATUS <> 'dead',
ended,DSSTDTC,assign_datetime,deaths.ON,,,yyyy-mm-ddThh:mi,STATUS = 'dead',
""",
    "ie": """\
target,verb,source,value,codelist
IEORRES,assign_ct,@value,,NY
IECAT,hardcode_ct,,INCLUSION,
IEDTC,hardcode,,2026-01-05,
""",
    "mh": """\
block,target,verb,source,value,codelist,format,when
history,MHSPID,assign,LINE,,,,
history,MHTERM,assign,CONDITION,,,,
history,MHDECOD,assign,PT,,,,
surgical,MHTERM,assign,OP,,,,
history,MHCAT,hardcode,,GENERAL HISTORY,,,
surgical,MHCAT,hardcode,,SURGICAL HISTORY,,,
history,MHSTDTC,assign_date,SINCE,,,dd/mm/yyyy,
surgical,MHSTDTC,assign_date,WHEN,,,yyyy-mm-dd,
history,MHENRTPT,assign_ct,ONGOING,,ongoing; STENRF,,ONGOING = '1'
history,MHENTPT,hardcode,,SCREENING,,,ONGOING = '1'
""",
    "cm": """\
block,target,verb,source,value,codelist,format,when
concomitant,CMSPID,assign,NO,,,,
,CMTRT,assign,MED,,,,
concomitant,CMCAT,hardcode,,CONCOMITANT MEDICATION,,,
prior,CMCAT,hardcode,,PRIOR MEDICATION,,,
concomitant,CMDOSE,assign,DOSIS,,,,
concomitant,CMDOSU,assign_ct,EINHEIT,,UNIT,,
concomitant,CMROUTE,assign_ct,WEG,,route; ROUTE,,
concomitant,CMSTDTC,assign_date,VON,,,dd.mm.yyyy,
concomitant,CMENDTC,assign_date,BIS,,,dd.mm.yyyy,
prior,CMENDTC,assign_date,STOPPED,,,yyyy-mm-dd,
concomitant,CMENRTPT,hardcode_ct,,ONGOING,,,LAEUFT = '1'
concomitant,CMENTPT,hardcode,,END OF STUDY,,,LAEUFT = '1'
""",
    "vs": """\
block,target,verb,source,value,codelist,format,when,label
,VISIT,visit,VISIT,,,,,
planned,VSDTC,assign_datetime,V_DATE; V_TIME,,,yyyy-mm-dd; hh:mi,,
unscheduled,VSDTC,assign_datetime,DT,,,,,
planned,VSORRESU,assign_ct,WT_UNIT,,VSRESU,,testcd = 'WEIGHT',
planned,VSSTRESC,convert_unit,@value,@VSORRESU -> kg round 1,,,testcd = 'WEIGHT',
planned,VSSTRESU,hardcode_ct,,kg,,,testcd = 'WEIGHT',
planned,VSSTRESC,convert_unit,@value,F -> C,,,testcd = 'TEMP',
planned,VSSTRESU,hardcode_ct,,C,,,testcd = 'TEMP',
unscheduled,VSREASON,assign,WHY,,,,,Reason for Unscheduled Measurement
""",
    "lb": """\
block,target,verb,source,value,codelist,format,when
chemistry,LBTESTCD,assign_ct,TEST,,lab_code; LBTESTCD,,
chemistry,LBTEST,assign_ct,TEST,,lab_name; LBTEST,,
chemistry,LBCAT,hardcode,,CHEMISTRY,,,
haematology,LBCAT,hardcode,,HEMATOLOGY,,,
urinalysis,LBCAT,hardcode,,URINALYSIS,,,
chemistry,LBORRES,assign,RESULT,,,,
chemistry,LBORRESU,assign_ct,UNIT,,UNIT,,
chemistry,LBORNRLO,assign,LOW,,,,
chemistry,LBORNRHI,assign,HIGH,,,,
chemistry,LBSTRESC,convert_unit,RESULT,@UNIT -> mmol/L round 1,,,LBTESTCD = 'GLUC'
chemistry,LBSTRESU,hardcode_ct,,mmol/L,,,LBTESTCD = 'GLUC'
chemistry,LBSTRESC,assign,RESULT,,,,LBTESTCD <> 'GLUC'
chemistry,LBSTRESU,assign,UNIT,,,,LBTESTCD <> 'GLUC'
urinalysis,LBSTRESC,assign_ct,@value,,dipstick,,
chemistry,VISIT,visit,VISIT_NAME,,,,
haematology; urinalysis,VISIT,visit,VISIT,,,,
chemistry,LBDTC,assign_date,SAMPLED,,,yyyy-mm-dd,
haematology,LBDTC,assign_date,DATUM,,,yyyy-mm-dd,
urinalysis,LBDTC,assign_date,DT,,,yyyy-mm-dd,
""",
    "eg": """\
target,verb,source,value,codelist,format,when
VISIT,visit,VISIT,,,,
EGSTRESC,assign_ct,@value,,finding; NORMABNM,,testcd = 'INTP'
EGDTC,assign_datetime,E_DATE; E_TIME,,,yyyy-mm-dd; hh:mi:ss,
""",
    "pe": """\
target,verb,source,value,codelist,format,when
VISIT,visit,VISIT,,,,
PEORRES,assign_ct,@value,,exam,,@value = 'N'
PEORRES,assign,SKIN_TXT,,,,testcd = 'SKIN' AND @value = 'A'
PEORRES,compute,,"NULLIF(@value, 'ND')",,,@value = 'ND'
PESTRESC,assign_ct,@value,,exam,,@value <> 'ND'
PESTAT,hardcode_ct,,NOT DONE,,,@value = 'ND'
PEDTC,assign_date,DT,,,yyyy-mm-dd,
""",
    "da": """\
target,verb,source,value,codelist,format
VISIT,visit,VISIT,,,
DACAT,hardcode,,STUDY MEDICATION,,
DADTC,assign_date,DT,,,yyyy-mm-dd
""",
    "ex": """\
target,verb,source,value,codelist,format
EXTRT,assign_ct,rand.ARM,,treatment,
EXDOSE,compute,,CASE WHEN EXTRT = 'PLACEBO' THEN 0 ELSE CAST(TABLETS AS DOUBLE) * 5 END,,
EXDOSU,hardcode_ct,,mg,,
EXDOSFRM,hardcode_ct,,TABLET,,
EXDOSFRQ,hardcode_ct,,QD,,
EXROUTE,hardcode_ct,,ORAL,,
EXSTDTC,assign_datetime,START,,,yyyy-mm-dd hh:mi
EXENDTC,assign_date,STOP,,,yyyy-mm-dd
""",
    "ec": """\
target,verb,source,value,codelist,format
ECTRT,hardcode,,STUDY TABLETS,,
ECREFID,assign,KIT,,,
ECMOOD,hardcode_ct,,PERFORMED,,
ECPRESP,hardcode_ct,,Y,,
ECOCCUR,hardcode_ct,,Y,,
ECDOSE,assign,TABLETS,,,
ECDOSU,hardcode_ct,,TABLET,,
ECDOSFRM,hardcode_ct,,TABLET,,
ECDOSFRQ,hardcode_ct,,QD,,
ECROUTE,hardcode_ct,,ORAL,,
ECSTDTC,assign_datetime,START,,,yyyy-mm-dd hh:mi
ECENDTC,assign_date,STOP,,,yyyy-mm-dd
""",
    "su": """\
block,target,verb,source,value,codelist,when
tobacco,SUTRT,hardcode,,CIGARETTES,,
alcohol,SUTRT,hardcode,,WINE,,
,SUCAT,hardcode,,HABITS,,
,SUPRESP,hardcode_ct,,Y,,
tobacco,SUOCCUR,assign_ct,TOBACCO,,used; NY,
alcohol,SUOCCUR,assign_ct,ALCOHOL,,used; NY,
tobacco,SUDOSE,assign,TOB_N,,,
tobacco,SUDOSU,hardcode_ct,,CIGARETTE,,TOB_N IS NOT NULL
tobacco,SUDOSFRQ,hardcode_ct,,QD,,TOB_N IS NOT NULL
alcohol,SUDOSE,assign,ALC_N,,,
alcohol,SUDOSU,assign_ct,UNIT,,UNIT,ALC_N IS NOT NULL
alcohol,SUDOSFRQ,hardcode_ct,,QD,,ALC_N IS NOT NULL
""",
    "dv": """\
target,verb,source,value,codelist,format
DVSPID,assign,DEV_NO,,,
DVTERM,assign,SAID,,,
DVDECOD,assign_ct,CODE,,deviation,
DVSTDTC,assign_date,ON,,,yyyy-mm-dd | yyyymmdd
""",
    "ae": """\
target,verb,source,value,codelist,format,when,origin
AESPID,assign,AE_NO,,,,,
AETERM,assign,TERM,,,,,
AEDECOD,assign,PT,,,,,Assigned
AEBODSYS,assign,SOC,,,,,Assigned
AESEV,assign_ct,SEV,,severity; AESEV,,,
AESER,assign_ct,SER,,yes_no; NY,,,
AEACN,hardcode_ct,,DOSE NOT CHANGED,,,,
AEREL,assign_ct,REL,,causality,,,
AEOUT,assign_ct,OUTC,,outcome; OUT,,,
AESDTH,assign_ct,SAE___1,,yes_no; NY,,AESER = 'Y',
AESLIFE,assign_ct,SAE___2,,yes_no; NY,,AESER = 'Y',
VISIT,visit,SEEN,,,,,
AESTDTC,assign_date,Y; M; D,,,yyyy; mm; dd,,
AEENDTC,assign_date,END,,,yyyy-mm-dd,,
""",
    "fa": """\
target,verb,source,value,codelist,format,by
FAOBJ,assign,ae.TERM,,,,subject; AE_NO
FACAT,hardcode,,RASH,,,
FALNKID,assign,AE_NO,,,,
FADTC,assign_date,ae.Y; ae.M,,,yyyy; mm,subject; AE_NO
""",
    "qs": """\
target,verb,source,value,codelist,format
QSCAT,hardcode,,WIDE SCALE,,
VISIT,visit,VISIT,,,
QSDTC,assign_date,DT,,,yyyy-mm-dd
""",
    "pr": """\
target,verb,source,value,codelist,format,when
PRTRT,assign,WHAT,,,,
PRLAT,assign_ct,SIDE,,side; LAT,,
PRSTDTC,assign_date,ON,,,yyyy-mm-dd,
""",
    "co": """\
target,verb,source,value,codelist,format
COVAL,assign,TEXT,,,
COREF,assign,ABOUT,,,
COEVAL,hardcode_ct,,INVESTIGATOR,,
CODTC,assign_date,ON,,,yyyy-mm-dd
""",
    "sv": """\
target,verb,source,value,codelist,format,when
VISIT,visit,VISIT,,,,
SVPRESP,hardcode_ct,,Y,,,VISIT <> 'U1'
SVOCCUR,assign_ct,DONE,,yes_no; NY,,VISIT <> 'U1'
SVREASOC,assign,WHY_NOT,,,,
SVSTDTC,assign_date,ON,,,yyyy-mm-dd,
SVENDTC,assign_date,ON,,,yyyy-mm-dd,
SVUPDES,hardcode,,PALPITATIONS,,,VISIT = 'U1'
""",
    "dd": "target,verb,source,format\nDDDTC,assign_datetime,ON,yyyy-mm-ddThh:mi\n",
    "sc": """\
target,verb,source,value,codelist,when
SCSTRESC,assign_ct,@value,,married; MARISTAT,testcd = 'MARISTAT'
SCDTC,hardcode,,2026-01-05,,
""",
    "ho": """\
target,verb,source,format
HOTERM,assign,WARD,
HOSTDTC,assign_date,IN,yyyy-mm-dd
HOENDTC,assign_date,OUT,yyyy-mm-dd
""",
    "ce": """\
block,target,verb,source,value,codelist,format
falls,CETERM,hardcode,,FALL,,
fractures,CETERM,hardcode,,FRACTURE,,
,CECAT,hardcode,,EVENTS OF INTEREST,,
,CEPRESP,hardcode_ct,,Y,,
falls,CEOCCUR,assign_ct,FALL,,yes_no; NY,
fractures,CEOCCUR,assign_ct,FRACTURE,,yes_no; NY,
falls,CESTDTC,assign_date,FALL_ON,,,yyyy-mm-dd
""",
    "ml": """\
target,verb,source,format
MLTRT,assign,MEAL,
VISIT,visit,VISIT,
MLSTDTC,assign_datetime,AT,yyyy-mm-ddThh:mi
""",
    "rp": """\
target,verb,source,value,format
VISIT,visit,VISIT,,
RPDTC,assign_date,DT,,yyyy-mm-dd
""",
    "items": """\
block,column,testcd,test,unit,not_done,reason,when,IECAT,LBSPEC
inclusion,IC1,INCL01,Adults,,,,IC1 = 'N',INCLUSION,
inclusion,IC2,INCL02,High blood pressure for a year,,,,IC2 = 'N',INCLUSION,
exclusion,EC1,EXCL01,Pregnancy,,,,,EXCLUSION,
planned,SYSBP,SYSBP,Systolic Blood Pressure,mmHg,,,,,
planned,PULSE,PULSE,Pulse Rate,beats/min,,,,,
planned,WEIGHT,WEIGHT,Weight,,,,,,
planned,TEMP_F,TEMP,Temperature,F,,,,,
planned,HEIGHT,HEIGHT,Height,cm,,,,,
planned,"=ROUND(CAST(WEIGHT AS DOUBLE) / POW(CAST(HEIGHT AS DOUBLE) / 100, 2), 1)",BMI,Body Mass Index,kg/m2,,,WT_UNIT = 'kg',,
unscheduled,PULSE,PULSE,Pulse Rate,beats/min,,,,,
haematology,HGB,HGB,Hemoglobin,g/dL,,,,,BLOOD
haematology,PLT,PLAT,Platelets,10^9/L,,,,,BLOOD
urinalysis,UPROT,PROT,Protein,,,,,,URINE
urinalysis,UGLUC,GLUC,Glucose,,,,,,URINE
ecg,HR,EGHRMN,ECG Mean Heart Rate,beats/min,ND,ND_WHY,,,
ecg,QT,QTAG,"QT Interval, Aggregate",ms,ND,ND_WHY,,,
ecg,FINDING,INTP,Interpretation,,ND,ND_WHY,,,
exam,HEAD,HEAD,Head,,,,,,
exam,HEART,HEART,Heart,,,,,,
exam,SKIN,SKIN,Skin,,,,,,
accountability,GIVEN,DISPAMT,Dispensed Amount,TABLET,,,,,
accountability,BACK,RETAMT,Returned Amount,TABLET,,,,,
rash,ITCH,OCCUR,Occurrence Indicator,,,,,,
rash,AREA,AREA,Area,cm2,,,,,
scale,Q1,WS0101,WS01-First Question,,Q_ND,Q_WHY,,,
scale,Q2,WS0102,WS01-Second Question,,Q_ND,Q_WHY,,,
cause,CAUSE,PRCDTH,Primary Cause of Death,,,,,,
characteristics,MARRIED,MARISTAT,Marital Status,,,,,,
characteristics,YEARS,EDUYRNUM,Number of Years of Education,YEARS,,,,,
reproduction,MENO,MENOPST,Menopause Status,,,,,,
reproduction,LMP,LMPSTDTC,Last Menstrual Period Start Date,,,,,,
""",
    "visits": """\
form,code,VISITNUM,VISIT,VISITDY,note
,SCR,1,SCREENING,-14,
,W0,2,BASELINE,1,
,U1,2.1,UNSCHEDULED 1,,
,W4,3,WEEK 4,29,
chemistry,Baseline,1,SCREENING,-14,The laboratory has names of its own
chemistry,Week 4,3,WEEK 4,29,
""",
    "relations": """\
relation,role,domain,where,by
RASH,anchor,AE,AESPID = '2',
RASH,related,FA,FACAT = 'RASH',subject
""",
    "units": "from,to,factor,note\nmg/dL,mmol/L,1/18,Glucose\n",
    "codelists/sex_code": "source,term\n1,F\n2,M\n",
    "codelists/ethnic": "source,term\n1,HISPANIC OR LATINO\n2,NOT HISPANIC OR LATINO\n",
    "codelists/arm_code": "source,term\nA,ACT\nP,PBO\n",
    "codelists/treatment": "source,term\nA,WIDEPRIL\nP,PLACEBO\n",
    "codelists/yes_no": "source,term\n1,Y\n0,N\n",
    "codelists/used": "source,term\nCURRENT,Y\nFORMER,Y\nNEVER,N\n",
    "codelists/disposition": "source,term\ncompleted,COMPLETED\ndead,DEATH\n"
    "consent,WITHDRAWAL BY SUBJECT\nscreen,SCREEN FAILURE\n",
    "codelists/ongoing": "source,term\n1,ONGOING\n",
    "codelists/route": "source,term\nINHAL,RESPIRATORY (INHALATION)\n",
    "codelists/lab_code": "source,term\nGlucose,GLUC\nCreatinine,CREAT\n",
    "codelists/lab_name": "source,term\nGlucose,Glucose\nCreatinine,Creatinine\n",
    "codelists/dipstick": "source,term\nneg,NEGATIVE\ntrace,TRACE\n+,1+\n++,2+\n",
    "codelists/finding": "source,term\nNormal,NORMAL\nAbnormal,ABNORMAL\n",
    "codelists/exam": "source,term\nN,NORMAL\nA,ABNORMAL\n",
    "codelists/severity": "source,term\n1,MILD\n2,MODERATE\n3,SEVERE\n",
    "codelists/causality": "source,term\n1,NOT RELATED\n2,UNLIKELY RELATED\n3,RELATED\n",
    "codelists/outcome": "source,term\n1,RECOVERED/RESOLVED\n3,NOT RECOVERED/NOT RESOLVED\n"
    "5,FATAL\n9,UNKNOWN\n",
    "codelists/deviation": "source,term\nLATE,VISIT OUT OF WINDOW\nDRUG,WRONG STUDY DRUG\n",
    "codelists/side": "source,term\nL,LEFT\nR,RIGHT\n",
    "codelists/married": "source,term\n1,MARRIED\n2,NEVER MARRIED\n",
}


def cells(text: str) -> list[list[str]]:
    """The rows of a table."""
    return list(csv.reader(io.StringIO(text)))


def write(folder: Path) -> None:
    """Write study.yaml and mappings/ into a study folder."""
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    for name, text in TABLES.items():
        path = folder / "mappings" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
