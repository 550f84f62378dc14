//! What properties say, each in a sentence.

use amends_models::workflow::builder::Place;

use amends_models::protocols::AnyProtocol;

use crate::spec::Spec;

/// The meaning of the spec's built-in property of that name.
#[must_use]
pub fn built_in<P: AnyProtocol>(spec: &Spec<P>, property: &str) -> Option<&'static str> {
    let built_in = spec.design.built_in().into_iter();
    built_in.filter(|it| it.name == property).map(|it| it.meaning).next()
}

/// The meaning of the spec's own property of that position: the claim, and the condition as the spec
/// writes it.
#[must_use]
pub fn stated<P: AnyProtocol>(spec: &Spec<P>, property: usize) -> Option<String> {
    let claim = spec.design.workflow().properties().get(property)?.claim;
    let text = spec.source.text();
    let condition = text.get(spec.places.span(text, &Place::Property(property), None)?)?;
    let condition = condition.trim_matches(['"', '\'']).trim();
    Some(format!("{} {condition}", claim.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stated_property_means_what_the_spec_writes() {
        let spec = crate::spec::parse(
            "order.toml",
            r#"
                name     = "order"
                protocol = "saga"
                [services.inventory]
                stock = 1
                [[step]]
                name    = "reserve-stock"
                service = "inventory"
                [[property]]
                name   = "never oversold"
                always = "inventory.stock >= 0"
            "#,
        )
        .expect("the spec is sound");
        assert_eq!(stated(&spec, 0).as_deref(), Some("always inventory.stock >= 0"));
    }
}
