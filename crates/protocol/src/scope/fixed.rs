//! `atproto`: the mark that every grant carries (SC-20). It tells who signed in and opens nothing else.

use super::describe::Sentence;
use super::parse::Syntax;
use super::permission::Resource;
use super::why_not::WhyNot;
use super::{InvalidScope, Need};

/// The scope `atproto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Atproto;

impl Resource for Atproto {
    const NAME: &'static str = "atproto";

    fn read(syntax: &Syntax<'_>) -> Result<Self, InvalidScope> {
        if syntax.text == Self::NAME { Ok(Self) } else { Err(InvalidScope::unknown_scope(syntax.text)) }
    }

    fn normal_form(&self) -> String {
        Self::NAME.to_owned()
    }

    fn grants<'a>(&'a self, _: &Need<'a>) -> Result<(), WhyNot<'a>> {
        Err(WhyNot::Because("it tells who signed in and grants nothing else"))
    }

    fn sentences(&self) -> Vec<Sentence> {
        vec![Sentence::new("atproto")]
    }
}
