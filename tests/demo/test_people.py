import io

import pytest
from pydicom import Dataset, dcmread

from midi_nb.demo import people
from midi_nb.demo.plant import write


def test_the_same_seed_and_number_give_the_same_person():
    assert people.someone(3, 7, "ascii", 50, "F") == people.someone(3, 7, "ascii", 50, "F")


@pytest.mark.parametrize(("seed", "index"), [(4, 7), (3, 8)])
def test_another_seed_or_number_gives_another_person(seed, index):
    assert people.someone(seed, index, "ascii", 50, "F").mrn != people.someone(3, 7, "ascii", 50, "F").mrn


@pytest.mark.parametrize("culture", people.CULTURES)
@pytest.mark.parametrize("sex", ["F", "M"])
def test_names_survive_their_character_set(culture, sex):
    for index in range(20):
        person = people.someone(0, index, culture, 40, sex)
        dataset = Dataset()
        dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.SpecificCharacterSet = "1.2", "1.3", person.charset
        dataset.PatientName, dataset.InstitutionName = person.name, person.hospital
        read = dcmread(io.BytesIO(write(dataset, "1.2.840.10008.1.2.1")))
        assert (str(read.PatientName), read.InstitutionName) == (person.name, person.hospital)


def test_only_some_names_are_ascii():
    names = [people.someone(0, 0, culture, 40, "M").name for culture in people.CULTURES]
    assert {name.isascii() for name in names} == {True, False}


def test_the_romanised_name_is_latin_for_everybody():
    for culture in people.CULTURES:
        roman = people.someone(0, 1, culture, 40, "F").roman
        assert roman.count("^") == 1
        assert max(map(ord, roman)) < 0x250


def test_medical_record_numbers_of_one_demo_are_unique():
    numbers = [people.someone(0, index, "ascii", 40, "F").mrn for index in range(500)]
    assert len(set(numbers)) == 500


def test_age_is_that_at_the_first_visit():
    person = people.someone(0, 0, "ascii", 93, "M")
    assert 93 <= (person.first_seen - person.born).days / 365.25 < 94
