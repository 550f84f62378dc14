//! `amends explain` and `amends choose`: what things mean, and which to take.

use insta_cmd::assert_cmd_snapshot;

use crate::amends::Home;

#[test]
fn properties_choices_faults_and_protocols_are_explained() {
    let home = Home::empty();
    for name in ["sound-compensation", "saga.barrier", "attempts", "timeout", "outbox", "barrierr"]
    {
        assert_cmd_snapshot!(name.replace('.', "-"), home.amends(&format!("explain {name}")));
    }
}

#[test]
fn a_protocol_is_chosen_by_answers() {
    let home = Home::empty();
    let answers = "choose --audit no --several yes --differs no --strict yes --reserve yes";
    assert_cmd_snapshot!(home.amends(answers));
    assert_cmd_snapshot!("a_question_is_open", home.amends("choose --audit no"));
}
