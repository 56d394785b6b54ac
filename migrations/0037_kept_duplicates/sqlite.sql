-- What changes files notes which are to be compared, and takes away the pairs that hold no more. The statements are told
-- apart by empty lines.

CREATE TRIGGER app_compare_files_added AFTER INSERT ON applications BEGIN INSERT INTO files_to_compare (application_id, intake_id, institution_id) VALUES (NEW.id, NEW.intake_id, NEW.institution_id); END

CREATE TRIGGER app_compare_files_changed AFTER UPDATE OF state, consent, name, email, person_id, intake_id ON applications WHEN NEW.state IS NOT OLD.state OR NEW.consent IS NOT OLD.consent OR NEW.name IS NOT OLD.name OR NEW.email IS NOT OLD.email OR NEW.person_id IS NOT OLD.person_id OR NEW.intake_id IS NOT OLD.intake_id BEGIN INSERT INTO files_to_compare (application_id, intake_id, institution_id) VALUES (NEW.id, NEW.intake_id, NEW.institution_id); DELETE FROM duplicate_pairs WHERE file_id = NEW.id AND (NEW.state NOT IN ('draft', 'submitted') OR NEW.consent IN ('waiting', 'withdrawn')); DELETE FROM duplicate_pairs WHERE beside_id = NEW.id AND (NEW.consent IN ('waiting', 'withdrawn') OR CASE WHEN across THEN NEW.state NOT IN ('draft', 'submitted', 'withdrawn') ELSE NEW.state NOT IN ('draft', 'submitted') END); END

CREATE TRIGGER app_compare_files_gone AFTER DELETE ON applications BEGIN DELETE FROM duplicate_pairs WHERE file_id = OLD.id; DELETE FROM duplicate_pairs WHERE beside_id = OLD.id; INSERT INTO files_to_compare (application_id, intake_id, institution_id) VALUES (OLD.id, OLD.intake_id, OLD.institution_id); END

CREATE TRIGGER app_compare_persons_changed AFTER UPDATE OF given_name, family_name, given_name_ar, family_name_ar, birth_date, phone_blind, email ON persons WHEN NEW.given_name IS NOT OLD.given_name OR NEW.family_name IS NOT OLD.family_name OR NEW.given_name_ar IS NOT OLD.given_name_ar OR NEW.family_name_ar IS NOT OLD.family_name_ar OR NEW.birth_date IS NOT OLD.birth_date OR NEW.phone_blind IS NOT OLD.phone_blind OR NEW.email IS NOT OLD.email BEGIN INSERT INTO files_to_compare (application_id, intake_id, institution_id) SELECT id, intake_id, institution_id FROM applications WHERE person_id = NEW.id; END

CREATE TRIGGER app_compare_numbers_added AFTER INSERT ON identifiers BEGIN INSERT INTO files_to_compare (application_id, intake_id, institution_id) SELECT id, intake_id, institution_id FROM applications WHERE person_id = NEW.person_id; END

CREATE TRIGGER app_compare_numbers_changed AFTER UPDATE OF person_id, kind, blind ON identifiers BEGIN INSERT INTO files_to_compare (application_id, intake_id, institution_id) SELECT id, intake_id, institution_id FROM applications WHERE person_id IN (NEW.person_id, OLD.person_id); END

CREATE TRIGGER app_compare_numbers_gone AFTER DELETE ON identifiers BEGIN INSERT INTO files_to_compare (application_id, intake_id, institution_id) SELECT id, intake_id, institution_id FROM applications WHERE person_id = OLD.person_id; END

CREATE TRIGGER app_compare_merged AFTER INSERT ON merges BEGIN DELETE FROM duplicate_pairs WHERE file_id = NEW.kept_id AND beside_id = NEW.aside_id; DELETE FROM duplicate_pairs WHERE file_id = NEW.aside_id AND beside_id = NEW.kept_id; INSERT INTO files_to_compare (application_id, intake_id, institution_id) SELECT id, intake_id, institution_id FROM applications WHERE id = NEW.kept_id; END

CREATE TRIGGER app_compare_parted AFTER UPDATE OF undone_at ON merges WHEN NEW.undone_at IS NOT OLD.undone_at BEGIN INSERT INTO files_to_compare (application_id, intake_id, institution_id) SELECT id, intake_id, institution_id FROM applications WHERE id = NEW.kept_id; END
