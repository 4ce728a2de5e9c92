import io

import pytest
from pydicom import Dataset, dcmread

from midi_nb.answers import people
from midi_nb.demo.dicom import write


def test_the_same_seed_and_number_give_the_same_person():
    assert people.someone(3, 7, "ascii", 50, "F") == people.someone(3, 7, "ascii", 50, "F")


@pytest.mark.parametrize(("seed", "index"), [(4, 7), (3, 8)])
def test_another_seed_or_number_gives_another_person(seed, index):
    others, own = people.someone(seed, index, "ascii", 50, "F"), people.someone(3, 7, "ascii", 50, "F")
    assert others.fields["mrn"] != own.fields["mrn"]


def test_every_field_is_of_a_kind_of_identifier():
    assert people.someone(0, 0, "ascii", 50, "F").fields.keys() == people.HIPAA.keys()


@pytest.mark.parametrize("culture", people.CULTURES)
@pytest.mark.parametrize("sex", ["F", "M"])
def test_names_survive_their_character_set(culture, sex):
    for index in range(20):
        person = people.someone(0, index, culture, 40, sex)
        dataset = Dataset()
        dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.SpecificCharacterSet = "1.2", "1.3", person.charset
        dataset.PatientName, dataset.InstitutionName = person.fields["name"], person.fields["hospital"]
        read = dcmread(io.BytesIO(write(dataset, "1.2.840.10008.1.2.1")))
        assert (str(read.PatientName), read.InstitutionName) == (person.fields["name"], person.fields["hospital"])


def test_only_some_names_are_ascii():
    names = [people.someone(0, 0, culture, 40, "M").fields["name"] for culture in people.CULTURES]
    assert {name.isascii() for name in names} == {True, False}


def test_the_spoken_name_is_latin_for_everybody():
    for culture in people.CULTURES:
        fields = people.someone(0, 1, culture, 40, "F").fields
        assert fields["patient"].endswith(f" {fields['surname']}")
        assert max(map(ord, fields["patient"])) < 0x250


def test_medical_record_numbers_of_one_demo_are_unique():
    numbers = [people.someone(0, index, "ascii", 40, "F").fields["mrn"] for index in range(500)]
    assert len(set(numbers)) == 500


def test_age_is_that_at_the_first_visit():
    person = people.someone(0, 0, "ascii", 93, "M")
    assert 93 <= (person.first_seen - person.born).days / 365.25 < 94
