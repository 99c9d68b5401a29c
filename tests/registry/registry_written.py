"""What a registry's file says of a study, and what is told beside it."""

from xml.etree import ElementTree

from trialect.converters.study_targets import writer_of


class WrittenTo:
    """The one file of a target, at its path."""

    def __init__(self, target, path):
        self.target = target
        self.path = path

    def written(self, study):
        found = []
        (file,) = writer_of(self.target)(study, found.append)
        assert file.path == self.path
        return ElementTree.fromstring(file.content)[0], found

    def said(self, study, path):
        tree, _ = self.written(study)
        return [one.text for one in tree.findall(path)]

    def rules(self, study):
        return [one.rule for one in self.written(study)[1]]

    def fields(self, study, rule):
        return [one.field for one in self.written(study)[1] if one.rule == rule]
