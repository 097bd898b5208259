"""Print a signed SAML 2.0 assertion.
usage: issue.py CACHE --audience URL [--recipient URL] [--issuer URL] [--subject NAME] [--lifetime SECONDS]
                [--key idp|stranger] [--id ID] [--alter]"""
import argparse
import secrets
import time

from lxml import etree
from signxml import XMLSigner
from signxml.algorithms import CanonicalizationMethod

from keys import certificate, key, pem

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
parse = argparse.ArgumentParser(description=__doc__)
parse.add_argument("cache")
parse.add_argument("--audience", required=True)
parse.add_argument("--recipient")
parse.add_argument("--issuer", default="https://idp.rig.test")
parse.add_argument("--subject", default="alice")
parse.add_argument("--lifetime", type=int, default=300)
parse.add_argument("--key", default="idp")
parse.add_argument("--id", default="_" + secrets.token_hex(16))
parse.add_argument("--alter", action="store_true", help="change the subject after it is signed")
opt = parse.parse_args()


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


now = time.time()
text = f"""<Assertion xmlns="{SAML}" ID="{opt.id}" IssueInstant="{stamp(now)}" Version="2.0"><Issuer>{opt.issuer}</Issuer>
<Signature xmlns="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"/><Subject><NameID>{opt.subject}</NameID>
<SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><SubjectConfirmationData
 NotOnOrAfter="{stamp(now + opt.lifetime)}" Recipient="{opt.recipient or opt.audience}"/></SubjectConfirmation></Subject>
<Conditions NotBefore="{stamp(now - 60)}" NotOnOrAfter="{stamp(now + opt.lifetime)}"><AudienceRestriction>
<Audience>{opt.audience}</Audience></AudienceRestriction></Conditions>
<AuthnStatement AuthnInstant="{stamp(now)}"><AuthnContext><AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password
</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion>"""
signer = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
signed = signer.sign(etree.fromstring(text), key=pem(key(opt.cache, opt.key)), cert=certificate(opt.cache, opt.key),
                     reference_uri=opt.id)
if opt.alter:
    signed.find(f".//{{{SAML}}}NameID").text = "mallory"
print(etree.tostring(signed).decode())
