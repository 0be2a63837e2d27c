# A new password for whoever forgot theirs.

reset-heading = Definir uma senha nova
reset-lead = Informe seu nome de usuário ou e-mail e enviamos um código.
reset-refused-nobody = Digite seu nome de usuário ou e-mail.
reset-send = Enviar um código
reset-have-code = Já tenho um código
# The second page.
reset-code-heading = Digite o código
reset-code-lead = Se existe uma conta com esse nome, um código foi enviado ao e-mail dela. Ele vale por quinze minutos.
reset-code = Código
reset-code-hint = Dez letras e números da mensagem. Maiúsculas e o hífen não fazem diferença.
reset-password = Senha nova
reset-password-hint = Pelo menos oito caracteres. Uma frase de algumas palavras é fácil de lembrar e difícil de adivinhar.
reset-end-app-passwords = Encerrar também todas as senhas de aplicativo
reset-end-hint = Marque se outra pessoa pode ter entrado na sua conta. Programas que usam uma param de funcionar até receberem outra.
reset-submit = Definir a senha
reset-another-code = Enviar outro código
reset-refused-empty = Digite o código da mensagem.
reset-refused-expired = Este código expirou. Peça outro.
reset-refused-unfit = Uma senha tem de 8 a 256 caracteres.
reset-refused-wrong = O código não está certo ou já foi usado. Veja a mensagem mais recente ou peça outro código.
# The third.
reset-done-heading = Sua senha é nova
reset-done-lead = Todos os aplicativos e dispositivos foram desconectados.
reset-done-what = Entre de novo com a senha nova onde você usa a conta. Se uma página nossa de antes ainda está aberta, você pode continuar nela.
